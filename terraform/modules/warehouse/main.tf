locals {
  _google_exports = var.google_export == null ? {} : { export = var.google_export }

  _kms_keys = var.kms_key == null ? [] : [var.kms_key]
  _schemas  = "${path.module}/../../../functions/billing/schemas"
  _tracking = jsondecode(file("${local._schemas}/load_tracking.json"))

  schemas = { for key, table in var.tables : key => file("${local._schemas}/${table.schema}.json") }
  tracking_schemas = {
    for key, table in var.tables : key => jsonencode(concat(
      [{ name = table.execution_column, type = "STRING", mode = "NULLABLE", description = "The provider's id of the delivery" }],
      local._tracking,
    ))
  }
}
