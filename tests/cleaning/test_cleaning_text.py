"""Titles and descriptions: what is cut, what is kept, and that cleaning twice changes nothing."""

import emoji
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bowerbird.cleaning.text import TRADE_MARKS, clean_description, clean_title

MESSY = st.lists(
    st.sampled_from(
        [" | in Ayr, Fife | Gumtree", "| eBay", "&amp;", "amp;", "quot;", "&#38;", "lt;br&gt;", "<br>",
        "<b>", "😀", "👩‍🔧",
         "1️⃣", "©", "\r", "\r\n", "\n", "\x00", "\u200d", "\ufe0f", "\u200b", "\ue123", "\ud83d", "  ",
         "sofa", "|",
         " Posted by Ann in Toys in Ayr. 1 May 2021", "Posted by ", " in ", ", Toys in Ayr.", "Ayr", ". ",
         "é", "क्‍ष"]
    ) | st.text(max_size=5),
    max_size=12,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Mirror wall art | in Wokingham, Berkshire | Gumtree", "Mirror wall art"),
        ("Watch Dogs Legion | PS4 Game | in Hull, East Yorkshire | Gumtree", "Watch Dogs Legion | PS4 Game"),
        ("Watch Dogs Legion | PS4 Game", "Watch Dogs Legion | PS4 Game"),
        ("Oak table | eBay.co.uk", "Oak table"),
        ("💥💥DIVAN BED💥HEADBOARD📞", "DIVAN BED HEADBOARD"),
        ("Set of 1️⃣2️⃣ plates ✅", "Set of 12 plates"),
        ("LEGO® Technic™", "LEGO® Technic™"),
        ("12&quot; LP &amp; sleeve", '12" LP & sleeve'),
        ("a\u200b \x07b\tc\r\nd \uf0d8e", "a b c d e"),
        ("👨‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿🇬🇧👍🏽", ""),
        ("क्‍ष", "क्‍ष"),  # a joiner inside an Indic word belongs to it
    ],
)
def test_titles(raw, clean):
    assert clean_title(raw) == clean


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (
            "Wall art. Posted by Seller in Dining, Clocks & Ornaments in Hull. 25 February 2022Size 9cm",
            "Wall art. Size 9cm",
        ),
        ("Malm dresser. Posted by Seller in Beds, Wardrobes in Lambeth. 25. February 2022", "Malm dresser."),
        ("Table . Posted by Seller in Dining Tables & Chairs in Salford. February 25, 2022", "Table ."),
        ("Trestles. Posted by Matthew.Bracknell. 25 February 2022", "Trestles."),
        (
            "Raleigh Hybrid. Posted by Seller in Travel, Bicycles in Christow  9 October 2021",
            "Raleigh Hybrid.",
        ),
        ("Only £35. Posted by Seller in Greenford. ", "Only £35."),
        ("Jacket. Posted by Seller in Men's Clothing, Coats & Jackets in Rawdon. ", "Jacket."),
        ("Posted by Royal Mail in 2 days, or collect.", "Posted by Royal Mail in 2 days, or collect."),
        ("I can have it posted by 9 May 2022", "I can have it posted by 9 May 2022"),
        ("two\rlines  here\r\nand &lt;b&gt;bold&lt;/b&gt;<br/>three", "two\nlines here\nand bold\nthree"),
        ("a\n\n\n\n b", "a\n\nb"),
        ("under <3 and x < y > z", "under <3 and x < y > z"),
    ],
)
def test_descriptions(raw, clean):
    assert clean_description(raw) == clean


def test_a_leak_that_lost_its_start_is_found_by_the_listings_own_category_and_place():
    raw = "Black drum shades .  Furniture, Lamps, Lights & Shades in Holloway. Collect only."
    path = ("Home & Garden", "Dining", "Lights & Shades")
    assert (
        clean_description(raw, category=path, place="Holloway, London") == "Black drum shades . Collect only."
    )
    honest = "Lights & Shades in Holloway are cheap."
    assert clean_description(honest, category=path, place="Holloway, London") == honest


@given(MESSY)
@example("&amp;lt;br&amp;gt;")
def test_cleaning_twice_changes_nothing(raw):
    assert clean_title(clean_title(raw)) == clean_title(raw)
    context = {"category": ("Baby", "Toys"), "place": "Ayr, Fife"}
    once = clean_description(raw, **context)
    assert clean_description(once, **context) == once


@given(MESSY)
def test_what_is_left_can_be_stored_and_holds_no_emoji(raw):
    for cleaned in (clean_title(raw), clean_description(raw)):
        assert cleaned.encode("utf-8").decode("utf-8") == cleaned
        assert "\r" not in cleaned
        assert {found["emoji"] for found in emoji.emoji_list(cleaned)} <= set(TRADE_MARKS)


@given(st.text(alphabet="abcdefghij ,.!?0123456789£-()", max_size=80))
def test_plain_words_are_kept(raw):
    assert clean_title(raw).split() == raw.split()
    assert clean_description(raw).split() == raw.split()
