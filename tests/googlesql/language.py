"""BigQuery's dialect of GoogleSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zetasql.wasi._pb2.zetasql.local_service.local_service_pb2 import LanguageOptionsRequest
from zetasql.wasi._pb2.zetasql.proto.options_pb2 import AnalyzerOptionsProto, LanguageOptionsProto
from zetasql.wasi._pb2.zetasql.public.options_pb2 import (
    ERROR_MESSAGE_ONE_LINE,
    NAME_RESOLUTION_DEFAULT,
    PRODUCT_EXTERNAL,
    LanguageFeature,
)
from zetasql.wasi._pb2.zetasql.resolved_ast.resolved_node_kind_pb2 import (
    RESOLVED_CREATE_VIEW_STMT,
    RESOLVED_DROP_STMT,
    RESOLVED_GRANT_STMT,
    RESOLVED_QUERY_STMT,
)

if TYPE_CHECKING:
    from tests.googlesql.client import Service

# What GoogleSQL has and BigQuery's reference does not name: docs.cloud.google.com/bigquery/docs/reference/standard-sql
_NOT_IN_BIGQUERY = """
    AGGREGATE_FILTERING ARRAY_ELEMENTS_WITH_SET ARRAY_EQUALITY ARRAY_ORDERING ARRAY_ZIP BETWEEN_UINT64_INT64
    CAST_DIFFERENT_ARRAY_TYPES CORRESPONDING_FULL DOT_PRODUCT ENABLE_MEASURES ENUM_VALUE_DESCRIPTOR_PROTO
    EXPERIMENTAL_MODULES EXTENDED_TYPES EXTRACT_FROM_PROTO EXTRACT_ONEOF_CASE FIRST_AND_LAST_N FOR_UPDATE
    FROM_AND_TO_PROTO_INTERVAL IGNORE_PROTO3_USE_DEFAULTS IMPLICIT_COERCION_STRING_LITERAL_TO_BYTES
    INSERT_ON_CONFLICT_CLAUSE JSON_CONTAINS_FUNCTION JSON_TYPE_COMPARISON L1_NORM L2_NORM LATERAL_JOIN
    LIMIT_OFFSET_EXPRESSIONS LITERAL_CONCATENATION MANHATTAN_DISTANCE MULTILEVEL_AGGREGATION
    MULTILEVEL_AGGREGATION_ON_UDAS MULTIWAY_UNNEST MULTI_GROUPING_SETS NULLIFZERO_ZEROIFNULL
    PARSE_TIMESTAMP_WITH_PRECISION_AND_TIMEZONE PIPE_CALL_INPUT_TABLE PIPE_CREATE_TABLE PIPE_EXPORT_DATA PIPE_FORK
    PIPE_IF PIPE_INSERT PIPE_TEE PI_FUNCTIONS PROTO_DEFAULT_IF_NULL PROTO_EXTENSIONS_WITH_NEW
    PROTO_EXTENSIONS_WITH_SET PROTO_MAPS REPLACE_FIELDS REPLACE_FIELDS_ALLOW_MULTI_ONEOF STRUCT_POSITIONAL_ACCESSOR
    TIMESTAMP_FROM_UNIX_FUNCTIONS_WITH_UINT64 TIMESTAMP_NANOS TIMESTAMP_PICOS TIMESTAMP_PRECISION TOKENIZED_SEARCH
    UNNEST_AND_FLATTEN_ARRAYS UUID_TYPE WITH_RECURSIVE_DEPTH_MODIFIER
"""


def bigquery(service: Service) -> LanguageOptionsProto:
    """Return BigQuery's dialect, for the statements of the product and its pages. QUALIFY is a reserved word."""
    everything = service.call("GetLanguageOptions", LanguageOptionsRequest(maximum_features=True), LanguageOptionsProto)
    absent = {LanguageFeature.Value(f"FEATURE_{name}") for name in _NOT_IN_BIGQUERY.split()}
    return LanguageOptionsProto(
        name_resolution_mode=NAME_RESOLUTION_DEFAULT,
        product_mode=PRODUCT_EXTERNAL,
        enabled_language_features=set(everything.enabled_language_features) - absent,
        supported_statement_kinds=[
            RESOLVED_CREATE_VIEW_STMT,
            RESOLVED_DROP_STMT,
            RESOLVED_GRANT_STMT,
            RESOLVED_QUERY_STMT,
        ],
        reserved_keywords=["QUALIFY"],
    )


def analyzer_options(language: LanguageOptionsProto) -> AnalyzerOptionsProto:
    return AnalyzerOptionsProto(
        language_options=language,
        default_timezone="UTC",
        error_message_mode=ERROR_MESSAGE_ONE_LINE,
        prune_unused_columns=False,
    )
