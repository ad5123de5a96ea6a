"""What a search draws: in range, of a seed, and the same however long the search and whatever is fixed."""

from hypothesis import given
from hypothesis import strategies as st

from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.tuning_space import SPACE, Choice, LogUniform, drawn_values, searched_space


@given(st.integers(1, 1000), st.integers(0, 2**31 - 1))
def test_every_draw_is_in_the_space_and_can_be_trained_with(number, seed):
    values = drawn_values(SPACE, number, seed=seed)
    assert list(values) == list(SPACE)
    PhotoTraining().changed(values)
    for name, axis in SPACE.items():
        if isinstance(axis, Choice):
            assert values[name] in axis.values
        else:
            assert axis.low <= values[name] <= axis.high


def test_trials_differ_and_a_seed_gives_them_again():
    first = [drawn_values(SPACE, number, seed=0) for number in range(1, 9)]
    assert len({str(one) for one in first}) == 8
    assert first == [drawn_values(SPACE, number, seed=0) for number in range(1, 9)]
    assert first != [drawn_values(SPACE, number, seed=1) for number in range(1, 9)]


def test_fixing_a_setting_leaves_the_others_as_they_were():
    every = drawn_values(SPACE, 3, seed=5)
    fewer = drawn_values(searched_space("efficientnet-lite0", {"optimiser", "epochs"}), 3, seed=5)
    assert fewer == {name: value for name, value in every.items() if name != "optimiser"}


def test_a_network_from_scratch_is_trained_whole():
    assert "unfreeze" not in searched_space("scratch", ())
    assert "unfreeze" in searched_space("efficientnet-lite0", ())


def test_every_factor_is_as_likely():
    axis = SPACE["learning_rate"]
    assert isinstance(axis, LogUniform)
    drawn = [drawn_values(["learning_rate"], number, seed=0)["learning_rate"] for number in range(400)]
    middle = (axis.low * axis.high) ** 0.5  # 2e-3, of 2e-4 to 2e-2
    assert 160 < sum(one < middle for one in drawn) < 240  # 200 expected, standard deviation 10
