"""The whole engine on the market whose answers are known."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

import known_market
from bowerbird.engine import Engine
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.market.query import Filters, Query, Sort
from bowerbird.ranking.answer import Answer

RED_SOFA = "red-sofa"


def ids(answer: Answer) -> list[str]:
    return [hit.listing.listing_id for hit in answer.hits]


def pages(engine: Engine, query: Query) -> Iterator[list[str]]:
    while True:
        answer = engine.search(query)
        yield ids(answer)
        if answer.next_cursor is None:
            return
        query = dataclasses.replace(query, cursor=answer.next_cursor)


@pytest.mark.parametrize("listing_id", ["red-sofa", "blue-bicycle", "white-kettle", "pink-guitar"])
def test_words_find_their_listing_first(known_engine: Engine, listing_id: str):
    answer = known_engine.search(Query(words=listing_id.replace("-", " ")))
    assert ids(answer)[0] == listing_id
    assert set(answer.hits[0].why.words) == set(listing_id.split("-"))


@pytest.mark.parametrize("listing_id", ["red-sofa", "blue-bicycle", "white-kettle"])
def test_a_photo_finds_the_listing_that_looks_like_it(known_engine: Engine, listing_id: str):
    photo = np.asarray(known_market.draw(listing_id, seed=3))
    answer = known_engine.search(Query(photo=photo))
    assert ids(answer)[0] == listing_id
    assert answer.hits[0].why.photo == answer.hits[0].listing.photos[0].content_hash
    assert {hit.branch for hit in answer.hits[0].why.branches} == {"photo"}


def test_words_and_photo_together_prefer_what_both_say(known_engine: Engine):
    photo = np.asarray(known_market.draw("red-bicycle", seed=3))
    answer = known_engine.search(Query(words="red bicycle", photo=photo))
    assert ids(answer)[0] == "red-bicycle"
    assert {"keywords", "photo"} <= {hit.branch for hit in answer.hits[0].why.branches}


def test_words_beside_a_photo_choose_among_what_looks_like_it(known_engine: Engine):
    photo = np.asarray(known_market.draw("red-bicycle", seed=3))
    found = ids(known_engine.search(Query(words="blue", photo=photo, limit=5)))
    assert found[0] == "blue-bicycle"  # neither the red bicycle nor anything else that is blue


def test_every_listing_of_a_kind_matches_and_is_counted(known_engine: Engine):
    answer = known_engine.search(Query(words="guitar", limit=200))
    found = {listing_id for listing_id in ids(answer) if listing_id.endswith("-guitar")}
    assert found == {f"{colour}-guitar" for colour in known_market.COLOURS}
    assert answer.total == len(answer.hits)


def test_nonsense_finds_nothing(known_engine: Engine):
    assert known_engine.search(Query(words="xqzvkwj blorptakk")).total == 0


def test_a_misspelt_word_is_corrected_and_said(known_engine: Engine):
    answer = known_engine.search(Query(words="bicicle"))
    assert answer.did_you_mean == "bicycle"
    assert {listing_id for listing_id in ids(answer) if "bicycle" in listing_id}


def test_the_words_say_a_price_a_place_and_what_is_left(known_engine: Engine):
    answer = known_engine.search(Query(words="guitar under 100 in Leeds", limit=50))
    assert answer.understood is not None
    assert answer.understood.words == "guitar"
    assert (answer.understood.price_max, answer.understood.place) == (100, "Leeds")
    assert answer.hits
    for hit in answer.hits:
        assert hit.listing.place == "Leeds, West Yorkshire"
        assert hit.listing.price is not None
        assert hit.listing.price.major <= 100


def test_a_filter_that_was_given_wins_over_one_in_the_words(known_engine: Engine):
    answer = known_engine.search(Query(words="guitar in Leeds", filters=Filters(place="Truro"), limit=50))
    assert answer.hits
    assert {hit.listing.place for hit in answer.hits} == {"Truro, Cornwall"}


def test_words_are_taken_as_they_stand_if_asked(known_engine: Engine):
    answer = known_engine.search(Query(words="sofa in Leeds", understand=False))
    assert answer.understood is not None
    assert answer.understood.words == "sofa in Leeds"


def test_with_nothing_asked_everything_that_passes_the_filters_is_there(known_engine: Engine):
    answer = known_engine.search(Query(filters=Filters(category="Sports"), limit=200))
    assert sorted(ids(answer)) == sorted(
        f"{colour}-{kind}" for colour in known_market.COLOURS for kind in ("bicycle", "tent")
    )


def test_facets_count_the_match_set_at_every_depth(known_engine: Engine):
    answer = known_engine.search(Query(facets=("category", "price", "place", "seller", "status")))
    counts = {tuple(facet["path"]): facet["count"] for facet in answer.facets["category"]}
    assert counts["Home & Garden",] == 24
    assert counts["Home & Garden", "Kitchen"] == 8
    assert sum(facet["count"] for facet in answer.facets["price"]) == 48
    assert {facet["value"]: facet["count"] for facet in answer.facets["place"]} == dict.fromkeys(
        known_market.PLACES, 24
    )
    assert sum(facet["count"] for facet in answer.facets["seller"]) == 48
    assert answer.facets["status"] == []  # this market has none, and none is invented


def test_sorting_by_price_orders_the_whole_match_set(known_engine: Engine):
    query = Query(words="red", sort=Sort.PRICE_ASC, limit=5)
    found = [listing_id for page in pages(known_engine, query) for listing_id in page]
    prices = [known_market.KINDS[listing_id.split("-")[1]][0] for listing_id in found]
    assert len(found) >= 6
    assert prices == sorted(prices)


def test_a_filter_on_what_the_market_lacks_says_so(known_engine: Engine):
    with pytest.raises(InputError, match="no status"):
        known_engine.search(Query(filters=Filters(status=Status.SOLD)))


def test_similar_listings_leave_the_listing_out(known_engine: Engine):
    answer = known_engine.similar(RED_SOFA, 6)
    assert RED_SOFA not in ids(answer)
    assert any(listing_id.endswith("-sofa") for listing_id in ids(answer)[:3])


def test_similar_to_what_is_not_there_is_not_found(known_engine: Engine):
    with pytest.raises(NotFoundError, match="no-such"):
        known_engine.similar("no-such")


def test_five_thousand_matches_are_counted_sorted_and_paged_once_each_while_listings_change(engine: Engine):
    crowd = [
        Listing(f"crowd-{number:04d}", f"Chipboard shelf {number}", price=Price(100 + number, "GBP"))
        for number in range(5000)
    ]
    engine.upsert(crowd)
    engine.projection.refresh()
    query = Query(words="chipboard", sort=Sort.PRICE_ASC, limit=200)
    first = engine.search(query)
    assert first.total == 5000
    assert ids(first)[0] == "crowd-0000"  # the cheapest is on page 1
    seen = ids(first)
    while first.next_cursor is not None:
        # While a shopper pages, one listing is sold, one changes its words, one arrives.
        page = len(seen) // 200
        engine.upsert(
            [
                dataclasses.replace(crowd[4999 - page], status=Status.SOLD),
                dataclasses.replace(crowd[2500 + page], description="now with brackets"),
                Listing(f"new-{page}", "Chipboard shelf", price=Price(1, "GBP")),
            ]
        )
        first = engine.search(dataclasses.replace(query, cursor=first.next_cursor))
        seen += ids(first)
    assert len(seen) == len(set(seen))
    sold = {listing.listing_id for listing in crowd[-25:]}
    assert {listing.listing_id for listing in crowd} - sold <= set(seen)


def test_paging_goes_on_after_the_index_was_compacted(engine: Engine):
    query = Query(words="red", limit=2)
    first = engine.search(query)
    engine.projection.compact()
    rest = [
        listing_id
        for page in pages(engine, dataclasses.replace(query, cursor=first.next_cursor))
        for listing_id in page
    ]
    whole = engine.matching_ids(query)
    assert sorted(ids(first) + rest) == sorted(whole)


def test_a_cursor_of_another_replica_goes_on_after_the_last_listing(engine: Engine):
    query = Query(words="red", sort=Sort.PRICE_ASC, limit=4)
    first = engine.search(query)
    engine._pager._kept._sets.clear()  # as a replica that never saw the first page
    second = engine.search(dataclasses.replace(query, cursor=first.next_cursor))
    assert ids(first) + ids(second) == engine.matching_ids(query)[:8]


def test_a_cursor_of_another_query_is_refused(known_engine: Engine):
    cursor = known_engine.search(Query(words="red", limit=2)).next_cursor
    with pytest.raises(InputError, match="another query"):
        known_engine.search(Query(words="blue", limit=2, cursor=cursor))
    with pytest.raises(InputError, match="damaged"):
        known_engine.search(Query(words="red", limit=2, cursor="nonsense"))


def test_a_change_is_searchable_and_a_sold_listing_gone(engine: Engine):
    engine.upsert([Listing("new-harp", "Golden harp", price=Price(5000, "GBP"))])
    assert "new-harp" in ids(
        engine.search(Query(words="an instrument like a golden harp"))
    )  # its vector, at once
    engine.projection.refresh()
    assert ids(engine.search(Query(words="harp")))[0] == "new-harp"
    engine.upsert([Listing("new-harp", "Golden harp", price=Price(5000, "GBP"), status=Status.SOLD)])
    assert "new-harp" not in engine.matching_ids(Query(words="golden harp"))
    engine.delete(["red-sofa"])
    assert "red-sofa" not in engine.matching_ids(Query(words="red sofa"))
    assert "red-sofa" not in engine.matching_ids(Query())


def test_an_id_given_twice_is_refused(engine: Engine):
    with pytest.raises(InputError, match="twice"):
        engine.upsert([Listing("a", "one"), Listing("a", "two")])


def test_places_are_understood_anew_once_another_generation_is_served(engine: Engine):
    assert engine.search(Query(words="sofa in Truro")).understood.place == "Truro"
    engine.delete([each for each in known_market.listing_ids() if engine.listing(each).place[0] == "T"])
    # As many places, categories and currencies as before, but not the same.
    engine.upsert([Listing("harp", "Golden harp", price=Price(1, "GBP"), place="Penzance, Cornwall")])
    engine.projection.compact()
    assert engine.search(Query(words="harp in Penzance")).understood.place == "Penzance"
    assert engine.search(Query(words="sofa in Truro")).understood.place is None
