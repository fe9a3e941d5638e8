"""Legend swatches and the printed sheet's scale bar."""

import datetime
from xml.etree import ElementTree

import pytest
from django.http import QueryDict
from django.utils import timezone

from gisapp.layer import LegendEntry, Text, all_layers, get
from gisapp.map.legend import groups, seen_at, swatch
from gisapp.map.sheet import LONGEST_BAR_MM, SCALES, parse, scale_bar, zoom_of


@pytest.mark.parametrize("scale", SCALES)
def test_the_bar_is_true_and_fits(scale: int) -> None:
    bar = scale_bar(scale)
    metres = bar.width * scale / 1000
    assert LONGEST_BAR_MM / 2.6 <= bar.width <= LONGEST_BAR_MM
    assert str(round(metres)).strip("0") in {"1", "2", "5"}
    assert sum(width for _x, width, _colour in bar.fields) == pytest.approx(bar.width, abs=0.01)


def test_every_declared_legend_entry_has_a_swatch_without_inline_style() -> None:
    for layer in all_layers():
        for entry in layer.style.legend:
            drawn = swatch(entry)
            ElementTree.fromstring(drawn)
            assert "style=" not in drawn


def test_a_swatch_escapes_what_it_is_given() -> None:
    entry = LegendEntry(Text("a", "b"), "fill", '"><script>')
    assert "<script>" not in swatch(entry)


def test_groups_hold_every_layer_that_can_be_switched_once() -> None:
    found = [shown.layer.name for group in groups(all_layers()) for shown in group.layers]
    assert sorted(found) == sorted(one.name for one in all_layers() if not one.base_map)


def test_a_sheet_shows_a_day_in_the_past_and_no_other() -> None:
    assert parse(QueryDict("at=2020-03-01")).past == datetime.date(2020, 3, 1)
    for wrong in ("2999-01-01", "gestern", "2020-13-01", str(timezone.localdate()), ""):
        assert parse(QueryDict(f"at={wrong}")).past is None, wrong


def test_the_sheets_legend_leaves_out_what_its_scale_does_not_show() -> None:
    # 1 : 10,000 at 54.4 degrees north is 10 m per 3.78 pixels.
    assert zoom_of(10_000, (9.7, 54.4)) == pytest.approx(14.0719, abs=0.001)
    assert not seen_at(get("pois"), zoom_of(100_000, (9.7, 54.4)))
    assert seen_at(get("pois"), zoom_of(10_000, (9.7, 54.4)))
