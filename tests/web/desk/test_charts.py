"""Columns of a chart: they stand on the line, add up, and the scale reads well."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.desk.charts import columns

NUMBERS = st.lists(st.integers(0, 10**7), min_size=1, max_size=30)


@given(NUMBERS)
def test_columns_stay_within_the_picture_and_grow_with_their_numbers(numbers: list[int]) -> None:
    labels = [str(place) for place in range(len(numbers))]
    chart = columns(labels, [("good", numbers), ("bad", numbers)], [("off", numbers)])
    for bar in chart.bars:
        assert bar.y >= 0
        assert bar.y + bar.height <= chart.height
        assert bar.x >= 0
        assert bar.x + bar.width <= chart.width
    assert len(chart.bars) == 3 * sum(number > 0 for number in numbers)
    heights = [bar.height for bar in chart.bars if bar.kind == "off"]
    shown = [number for number in numbers if number]
    assert [heights[place] for place in sorted(range(len(shown)), key=shown.__getitem__)] == sorted(heights)


def test_a_scale_ends_with_a_number_that_reads_well_and_an_empty_chart_has_one_too() -> None:
    assert [mark.value for mark in columns(["a"], [("good", [1430])]).marks] == [2000, 1000, 0]
    assert columns([], []).bars == ()
    assert [mark.value for mark in columns(["a"], [("good", [0])]).marks] == [1, 0]
    assert columns(["a"], [("good", [5])], small=True).width < columns(["a"], [("good", [5])]).width
