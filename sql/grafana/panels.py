"""The kinds of panels, and what all of a kind have in common."""

from collections.abc import Mapping
from typing import TypeVar

from dialects import Dialect
from grafana_foundation_sdk.builders import barchart, common, dashboard, stat, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models.dashboard import DataSourceRef, DynamicConfigValue, FieldColorModeId, Threshold

DRAWN, INJECTED, GAS = "orange", "green", "blue"
COLORS = {
    "Drawn": DRAWN,
    "Drawn a year before": "super-light-orange",
    "Electricity": DRAWN,
    "Injected": INJECTED,
    "Injection": INJECTED,
    "Gas": GAS,
    "Gas a year before": "super-light-blue",
    "Water": "light-blue",
    "Heat": "red",
    "Water and heat": "light-blue",
    "Standing charges": "purple",
    "Missing": "red",
    "L1": "yellow",
    "L2": "purple",
    "L3": "blue",
}

PanelT = TypeVar("PanelT", stat.Panel, barchart.Panel, timeseries.Panel)


def source(d: Dialect) -> DataSourceRef:
    """The data source that the user has chosen."""
    return DataSourceRef(type_val=d.plugin, uid="${datasource}")


class Query(Builder[Dataquery]):
    """The one query of a panel."""

    def __init__(self, d: Dialect, sql: str) -> None:
        own: dict[str, object] = {"format": "table", "rawQuery": True, "editorMode": "code", "rawSql": sql}
        if d.name == "sqlite":
            own = {"queryType": "table", "queryText": sql, "rawQueryText": sql, "timeColumns": ["time"]}
        self._target = {"refId": "A", "datasource": source(d).to_json()} | own

    def build(self) -> Dataquery:
        """What the panel keeps of it."""
        return UnknownDataquery(self._target)


def dressed(panel: PanelT, d: Dialect, title: str, sql: str, about: str, empty: str) -> PanelT:
    """What all panels have: a title, a query, a word on what they show, another for when there is nothing to show."""
    return panel.title(title).description(about).no_value(empty).datasource(source(d)).with_target(Query(d, sql))


def with_units(panel: PanelT, each: Mapping[str, str]) -> PanelT:
    """A unit of its own for each of these series."""
    for name, unit in each.items():
        panel.override_by_name(name, [DynamicConfigValue("unit", unit)])
    return panel


def fixed(color: str) -> DynamicConfigValue:
    """One color, whatever the value."""
    return DynamicConfigValue("color", {"mode": FieldColorModeId.FIXED, "fixedColor": color})


def with_colors(panel: PanelT, sql: str) -> PanelT:
    """Every column of the query in its color."""
    for name, color in COLORS.items():
        if f'"{name}"' in sql:
            panel.override_by_name(name, [fixed(color)])
    return panel


def thresholds(base: str, *steps: tuple[float, str]) -> dashboard.ThresholdsConfig:
    """The color below the first value, and that from each value on."""
    return dashboard.ThresholdsConfig().steps([Threshold(None, base), *(Threshold(*step) for step in steps)])


TOOLTIP = common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.NONE)


def legend(*figures: str) -> common.VizLegendOptions:
    """Below the panel, with these figures of each series."""
    options = common.VizLegendOptions().show_legend(True).display_mode(shapes.LegendDisplayMode.LIST)
    return options.placement(shapes.LegendPlacement.BOTTOM).calcs(list(figures))


def numbers(d: Dialect, title: str, sql: str, width: int, about: str, empty: str = "unknown") -> stat.Panel:
    """One row's values in large figures."""
    panel = dressed(stat.Panel(), d, title, sql, about, empty).span(width).height(4)
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"])
    return panel.graph_mode(shapes.BigValueGraphMode.NONE).reduce_options(reduced).thresholds(thresholds("text"))


def bars(d: Dialect, title: str, sql: str, unit: str, label: str, width: int, about: str, empty: str) -> barchart.Panel:
    """A bar for each period, labelled by when it began in moment.js' format `label`."""
    # Before Grafana 12.1 a bar chart does not show the word for when it is empty. Until 11.2 it writes the time's word
    # at every bar that has no label: that must be none.
    panel = dressed(barchart.Panel(), d, title, sql, f"{about} When empty: {empty}.", empty).unit(unit)
    panel.span(width).height(8).x_field("time")
    panel.override_by_field_type(
        "time", [DynamicConfigValue("unit", f"time:{label}"), DynamicConfigValue("noValue", "")]
    )
    panel.x_tick_label_spacing(100).x_tick_label_max_length(20).show_value(shapes.VisibilityMode.NEVER)
    panel.stacking(shapes.StackingMode.NORMAL).fill_opacity(80)
    # No sums: they would be those of the bars, of which there may be more than the range has.
    return with_colors(panel.legend(legend()).tooltip(TOOLTIP), sql)


def curves(d: Dialect, title: str, sql: str, unit: str, about: str, *figures: str) -> timeseries.Panel:
    """Values over time, with these figures of each in the legend."""
    panel = dressed(timeseries.Panel(), d, title, sql, about, "no readings in this range").unit(unit)
    panel.span(24).height(9).show_points(shapes.VisibilityMode.AUTO).legend(legend(*figures))
    return with_colors(panel.span_nulls(False).tooltip(TOOLTIP), sql)
