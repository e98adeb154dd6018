locals {
  # Owners keep their entry: they could give it to themselves again, and without it nobody could manage the dataset.
  _first_access = var.strip_basic_roles ? [{ role = "OWNER", special_group = "projectOwners" }] : []

  _google_exports = var.google_export == null ? {} : { export = var.google_export }

  _kms_keys = var.kms_key == null ? [] : [var.kms_key]

  # A table never changes the type of a column, so a type that the user chose must be there from the start.
  _chosen_types = {
    for key, table in var.tables : key => { for column, type in table.column_types : lower(column) => type... }
  }
  _columns = {
    for key, table in var.tables : key => [
      for column in jsondecode(table.schema) : merge(column, {
        type = column.name == table.partition ? column.type : lookup(
          local._chosen_types[key], lower(trimprefix(try(column.description, column.name), "source: ")), [column.type]
        )[0]
      })
    ]
  }

  # BigQuery clusters by no column of these types.
  clustering = {
    for key, table in var.tables : key => [
      for column in local._columns[key] : column.name
      if column.name == table.cluster && !contains(["FLOAT", "JSON"], column.type)
    ]
  }
  datasets      = { for id in var.datasets : id => try(google_bigquery_dataset.datasets[id].dataset_id, id) }
  focus_dataset = try(google_bigquery_dataset.focus[0].dataset_id, var.focus_dataset)
  schemas       = { for key, columns in local._columns : key => jsonencode(columns) }
  tracking_schemas = {
    for key, table in var.tables : key => jsonencode(concat(
      [{ name = table.execution_column, type = "STRING", mode = "NULLABLE", description = "The provider's id of the delivery" }],
      jsondecode(var.tracking_schema),
    ))
  }
}
