# Loads add columns. Without ignore_auto_generated_schema and ignore_changes, the next apply would drop these columns
# with their data (ALTER TABLE ... DROP COLUMN). deletion_protection does not prevent that, and each of the two settings
# alone still allows it in some cases. Tables have no labels: a change of labels sends the whole schema again, and may
# conflict with a load that is adding a column.

resource "google_bigquery_table" "months" {
  for_each = var.tables

  project                      = var.project_id
  dataset_id                   = local.datasets[each.value.dataset]
  table_id                     = each.value.table
  description                  = "One row per charge. A partition is one month, loaded from one delivery of the provider"
  schema                       = local.schemas[each.key]
  clustering                   = length(local.clustering[each.key]) > 0 ? local.clustering[each.key] : null
  deletion_protection          = var.deletion_protection
  ignore_auto_generated_schema = true

  time_partitioning {
    type  = "MONTH"
    field = each.value.partition
  }

  # The dataset has the same key as default. A key that is inherited but missing here would be a difference, and
  # Terraform would replace the table.
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

# Terraform creates this table, not dlt: its columns get their types, and the views can exist before the first load.
resource "google_bigquery_table" "tracking" {
  for_each = var.tables

  project                      = var.project_id
  dataset_id                   = local.datasets[each.value.dataset]
  table_id                     = "${each.value.table}_load_tracking"
  description                  = "One row per delivery of ${each.value.table}: loaded, rejected or waiting, with the reason"
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
