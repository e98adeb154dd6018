"""Build the messages of Terraform's plugin protocol 6 at run time, so that there is no generated code.

Names and numbers: https://github.com/hashicorp/terraform/blob/main/docs/plugin-protocol/tfplugin6.proto
Only the fields that the stand-in reads or writes are here. protobuf skips the others.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

# name: type field=number; …   (`*`: repeated; `?`: one of several, so that index 0 differs from no index)
_TABLE = """
DynamicValue: bytes msgpack=1; bytes json=2
Step: ?string attribute_name=1; ?string element_key_string=2; ?int64 element_key_int=3
AttributePath: *Step steps=1
Diagnostic: int32 severity=1; string summary=2; string detail=3; AttributePath attribute=4
RawState: bytes json=1
Attribute: string name=1; bytes type=2; bool required=4; bool optional=5; bool computed=6;
    bool sensitive=7; Object nested_type=10; bool write_only=11
Object: *Attribute attributes=1; int32 nesting=3
NestedBlock: string type_name=1; Block block=2; int32 nesting=3; int64 min_items=4; int64 max_items=5
Block: int64 version=1; *Attribute attributes=2; *NestedBlock block_types=3
Schema: int64 version=1; Block block=2
SchemaEntry: string key=1; Schema value=2
Empty:
SchemaResponse: Schema provider=1; *SchemaEntry resource_schemas=2; *SchemaEntry data_source_schemas=3;
    *Diagnostic diagnostics=4
ConfigRequest: DynamicValue config=1
ProviderDiagnostics: *Diagnostic diagnostics=2
TypedConfig: string type_name=1; DynamicValue config=2
Diagnostics: *Diagnostic diagnostics=1
ConfigureRequest: string terraform_version=1; DynamicValue config=2
UpgradeRequest: string type_name=1; int64 version=2; RawState raw_state=3
StateResponse: DynamicValue state=1; *Diagnostic diagnostics=2
ReadRequest: string type_name=1; DynamicValue current_state=2
PlanRequest: string type_name=1; DynamicValue prior_state=2; DynamicValue proposed_new_state=3; DynamicValue config=4
PlanResponse: DynamicValue planned_state=1; *AttributePath requires_replace=2;
    *Diagnostic diagnostics=4; bool legacy_type_system=5
ApplyRequest: string type_name=1; DynamicValue prior_state=2; DynamicValue planned_state=3; DynamicValue config=4
ApplyResponse: DynamicValue new_state=1; *Diagnostic diagnostics=3; bool legacy_type_system=4
StopResponse: string Error=1
"""
_SCALARS = {
    "int64": FieldDescriptorProto.TYPE_INT64,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}
_PACKAGE = "standin"


def _messages() -> dict[str, Any]:
    file = FileDescriptorProto(name="standin.proto", package=_PACKAGE, syntax="proto3")
    for line in _TABLE.strip().replace("\n    ", " ").splitlines():
        name, _, fields = line.partition(":")
        message = file.message_type.add(name=name)
        if "?" in fields:
            message.oneof_decl.add(name="selector")
        for field in filter(None, map(str.strip, fields.split(";"))):
            _add_field(message, field)
    pool = DescriptorPool()
    pool.Add(file)
    return {m.name: GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{m.name}")) for m in file.message_type}


def _add_field(message: Any, text: str) -> None:
    kind, _, rest = text.partition(" ")
    name, _, number = rest.partition("=")
    label = FieldDescriptorProto.LABEL_REPEATED if kind.startswith("*") else FieldDescriptorProto.LABEL_OPTIONAL
    field = message.field.add(name=name, number=int(number), label=label)
    if kind.startswith("?"):
        field.oneof_index = 0
    kind = kind.lstrip("*?")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"


MESSAGES = _messages()

# method: (request, answer)
METHODS = {
    "GetProviderSchema": ("Empty", "SchemaResponse"),
    "ValidateProviderConfig": ("ConfigRequest", "ProviderDiagnostics"),
    "ValidateResourceConfig": ("TypedConfig", "Diagnostics"),
    "ValidateDataResourceConfig": ("TypedConfig", "Diagnostics"),
    "UpgradeResourceState": ("UpgradeRequest", "StateResponse"),
    "ConfigureProvider": ("ConfigureRequest", "Diagnostics"),
    "ReadResource": ("ReadRequest", "StateResponse"),
    "PlanResourceChange": ("PlanRequest", "PlanResponse"),
    "ApplyResourceChange": ("ApplyRequest", "ApplyResponse"),
    "ReadDataSource": ("TypedConfig", "StateResponse"),
    "StopProvider": ("Empty", "StopResponse"),
}
