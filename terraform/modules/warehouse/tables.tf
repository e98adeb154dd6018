# Loads add columns. Without the two lines about the schema the next apply would drop them, data and all
# (ALTER TABLE ... DROP COLUMN, which deletion_protection does not stop); each line alone still does so in a corner.
# No labels here: any change in place sends the whole schema again, and may race a load that is adding a column.

resource "google_bigquery_table" "months" {
  for_each = var.tables

  project                      = var.project_id
  dataset_id                   = google_bigquery_dataset.datasets[each.value.dataset].dataset_id
  table_id                     = each.value.table
  description                  = "One row per charge; a month is a partition, and one delivery of the provider"
  schema                       = local.schemas[each.key]
  clustering                   = [each.value.cluster]
  deletion_protection          = var.deletion_protection
  ignore_auto_generated_schema = true

  time_partitioning {
    type  = "MONTH"
    field = each.value.partition
  }

  # Named although the dataset has the same default: a table's key cannot be changed, and one that is inherited but not
  # named here is a difference that replaces the table.
  dynamic "encryption_configuration" {
    for_each = local._kms_keys
    content {
      kms_key_name = encryption_configuration.value
    }
  }

  lifecycle {
    ignore_changes = [schema]
  }
}

# Made here, not by dlt, so that its columns have their types and the views can be made before the first load.
resource "google_bigquery_table" "tracking" {
  for_each = var.tables

  project                      = var.project_id
  dataset_id                   = google_bigquery_dataset.datasets[each.value.dataset].dataset_id
  table_id                     = "${each.value.table}_load_tracking"
  description                  = "One row per delivery of ${each.value.table}: loaded, rejected or waiting, and why"
  schema                       = local.tracking_schemas[each.key]
  deletion_protection          = var.deletion_protection
  ignore_auto_generated_schema = true

  dynamic "encryption_configuration" {
    for_each = local._kms_keys
    content {
      kms_key_name = encryption_configuration.value
    }
  }

  lifecycle {
    ignore_changes = [schema]
  }
}
