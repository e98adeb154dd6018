"""Generate billing exports in the shape that AWS and Azure give them."""

from tests.samples.aws_cur import CurSample, aws_cur_delivery
from tests.samples.aws_data_export import Quirks, aws_data_export_delivery
from tests.samples.azure import azure_cost_delivery, azure_focus_delivery
from tests.samples.azure_sample import ACTUAL, AMORTIZED
from tests.samples.columns import Column, aws_columns, aws_focus_columns, azure_columns, cur2_columns
from tests.samples.many_files import many_files
from tests.samples.model import (
    Delivery,
    SampleObject,
    Totals,
    place,
    sink_name,
    with_manifest,
)

__all__ = [
    "ACTUAL",
    "AMORTIZED",
    "Column",
    "CurSample",
    "Delivery",
    "Quirks",
    "SampleObject",
    "Totals",
    "aws_columns",
    "aws_cur_delivery",
    "aws_data_export_delivery",
    "aws_focus_columns",
    "azure_columns",
    "azure_cost_delivery",
    "azure_focus_delivery",
    "cur2_columns",
    "many_files",
    "place",
    "sink_name",
    "with_manifest",
]
