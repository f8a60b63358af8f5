"""Charts: figures drawn as SVG on the server, with the table they come from behind them. Knows no deliveries."""

from activations.charts.chart import Chart
from activations.charts.columns import columns
from activations.charts.lines import lines
from activations.charts.marks import Mark
from activations.charts.table import Column, Row, Table

__all__ = ["Chart", "Column", "Mark", "Row", "Table", "columns", "lines"]
