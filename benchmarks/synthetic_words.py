"""What a synthetic market talks about: kinds of thing by category, and the words that sellers use of them."""

# What is sold in each root category; every kind is a leaf.
KINDS: dict[str, tuple[str, ...]] = {
    root: tuple(" ".join(kind.split()) for kind in kinds.split(","))
    for root, kinds in {
        "Home & Garden": """
            corner sofa, armchair, dining table, coffee table, bedside table, bookcase, wardrobe, chest
            of drawers, table lamp, floor lamp, rug, mirror, double bed, mattress, office desk, bar
            stool, dining chair, sideboard, tv stand, curtains, garden bench, parasol, lawn mower,
            barbecue, plant pot, hedge trimmer, picture frame, wall clock, shoe rack, sofa bed""",
        "Clothing": """
            denim jacket, winter coat, summer dress, evening dress, leather jacket, jeans, hoodie,
            knitted jumper, cardigan, silk blouse, linen shirt, polo shirt, t-shirt, suit, waistcoat,
            skirt, shorts, leggings, tracksuit, raincoat, parka, wedding dress, scarf, beanie hat,
            gloves, pyjamas, swimsuit, dressing gown, school blazer, fleece""",
        "Shoes & Bags": """
            running shoes, ankle boots, walking boots, wellington boots, trainers, loafers, sandals,
            high heels, ballet flats, football boots, slippers, brogues, cycling shoes, handbag,
            backpack, tote bag, suitcase, messenger bag, clutch bag, purse, wallet, rucksack, gym bag,
            laptop bag, weekend bag, satchel, bum bag, school bag, climbing shoes, court shoes""",
        "Electronics": """
            laptop, tablet, mobile phone, smart watch, headphones, earbuds, bluetooth speaker, soundbar,
            television, monitor, keyboard, mouse, printer, router, digital camera, camera lens, drone,
            games console, games controller, e-reader, projector, hard drive, graphics card, desktop
            computer, webcam, microphone, record player, amplifier, radio, power bank""",
        "Appliances": """
            washing machine, tumble dryer, dishwasher, fridge freezer, microwave oven, electric cooker,
            kettle, toaster, coffee machine, food processor, stand mixer, blender, slow cooker, air
            fryer, vacuum cleaner, steam iron, sewing machine, dehumidifier, fan heater, electric fan,
            bread maker, juicer, chest freezer, wine cooler, hob, cooker hood, carpet cleaner, hair
            dryer, electric shaver, ice maker""",
        "Bikes & Sport": """
            mountain bike, road bike, hybrid bike, electric bike, folding bike, kids bike, bmx bike,
            turbo trainer, bike rack, cycling helmet, treadmill, exercise bike, rowing machine, dumbbell
            set, kettlebell, weight bench, yoga mat, tennis racket, golf clubs, golf bag, cricket bat,
            football, skateboard, skis, snowboard, surfboard, wetsuit, kayak, fishing rod, punch bag""",
        "Baby & Child": """
            pushchair, pram, car seat, cot bed, moses basket, high chair, baby monitor, bouncer,
            changing table, baby carrier, play mat, stair gate, steriliser, bath seat, nursing chair,
            toy kitchen, wooden train set, dolls house, balance bike, scooter, trampoline, sand pit,
            paddling pool, climbing frame, rocking horse, baby bath, night light, potty, booster seat,
            toddler bed""",
        "Toys & Games": """
            board game, jigsaw puzzle, building bricks, action figure, soft toy, doll, model railway,
            model aeroplane, remote control car, card game, chess set, video game, pedal car, dart
            board, pool table, table football, kite, slime kit, train track, puppet, toy garage, play
            tent, science kit, marble run, dressing up costume, rubik cube, spinning top, yo-yo,
            collectable cards, miniature soldiers""",
        "Music": """
            acoustic guitar, electric guitar, bass guitar, ukulele, violin, cello, flute, clarinet,
            saxophone, trumpet, trombone, drum kit, cajon, digital piano, upright piano, synthesiser,
            midi keyboard, guitar amp, effects pedal, mixing desk, studio monitors, music stand,
            accordion, banjo, mandolin, harmonica, turntable, vinyl record, recorder, sheet music""",
        "Books & Film": """
            cookery book, crime novel, fantasy novel, history book, biography, children's book, picture
            book, comic, annual, dictionary, atlas, textbook, travel guide, poetry book, art book,
            gardening book, science book, dvd box set, blu-ray film, audio book, magazine, graphic
            novel, classic novel, romance novel, thriller, ghost stories, bible, encyclopaedia, language
            course, revision guide""",
        "Tools & DIY": """
            cordless drill, hammer drill, circular saw, jigsaw tool, mitre saw, angle grinder, sander,
            router tool, impact driver, socket set, spanner set, tool box, step ladder, extension
            ladder, workbench, pressure washer, generator, welder, air compressor, paint sprayer,
            wallpaper steamer, tile cutter, chainsaw, wheelbarrow, cement mixer, heat gun, multi tool,
            vice, tool bag, spirit level""",
        "Vehicles": """
            hatchback, estate car, camper van, caravan, motorbike, moped, van, trailer, roof box, roof
            bars, alloy wheels, winter tyres, car stereo, tow bar, dash cam, sat nav, motorbike helmet,
            motorbike jacket, bike carrier, car battery, jump starter, car cover, van racking, boat,
            outboard engine, dinghy, horse trailer, quad bike, mobility scooter, awning""",
        "Art & Antiques": """
            oil painting, watercolour, framed print, poster, sculpture, vase, teapot, tea set, dinner
            plates, crystal glasses, silver spoon, brass candlestick, pocket watch, wrist watch, ring,
            necklace, bracelet, earrings, brooch, mantel clock, gramophone, typewriter, writing bureau,
            stamp album, old coins, postcard, medal, snuff box, barometer, tapestry""",
    }.items()
}

COLOURS = tuple("black white grey blue red green brown navy pink beige yellow purple".split())  # noqa: SIM905
MATERIALS = tuple("wooden leather metal plastic cotton oak glass velvet steel wool pine fabric".split())  # noqa: SIM905
CONDITIONS = ("new", "like new", "good", "used", "worn")
STYLES = tuple("vintage large small modern retro classic genuine compact heavy foldable".split())  # noqa: SIM905
SIZES = (
    "",
    "",
    "",
    "size 8",
    "size 10",
    "size 12",
    "32 inch",
    "medium",
    "xl",
    "55cm",
    "3 seater",
    "16gb",
    "240v",
)

# What sellers say whatever they sell, the commonest first; made-up words follow it in a description.
SELLER_WORDS = tuple(
    """
            the and in for with of is to a condition good used from only collection great very please
            new selling no has been it this on all but size will cash can home any have can't excellent
            as free can deliver perfect bought still original price box some not we are moving smoke pet
            clean quality working order small large set slight wear marks offers sensible lovely ideal
            both never worn pick up local available questions ask brand black white unwanted gift comes
            cost post two one need space gone sale must go house clearance handle scratches see photos
            light colour age years old warranty receipt included manual charger boxed sealed complete
            parts spares repair easy assemble dismantled measures approx height width depth length cm
            wide tall weight heavy sturdy solid wood metal leather""".split()  # noqa: SIM905
)
