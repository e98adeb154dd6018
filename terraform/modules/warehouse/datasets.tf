resource "google_bigquery_dataset" "datasets" {
  for_each = setsubtract(var.datasets, var.existing)

  project     = var.project_id
  dataset_id  = each.key
  location    = var.location # cannot be changed later; the default would be US
  description = "Cloud billing exports, one row per charge, and the history of their loads"
  labels      = var.labels

  # The functions add dlt's tables and the views. Terraform does not know them, and a dataset that holds any is not
  # destroyed.
  delete_contents_on_destroy = !var.deletion_protection

  # The only entries of a new dataset. Without any, Google adds the project's editors and viewers. Later grants are
  # google_bigquery_dataset_access, and Terraform ignores them here: it would remove them.
  dynamic "access" {
    for_each = local._first_access
    content {
      role          = access.value.role
      special_group = access.value.special_group
    }
  }

  dynamic "default_encryption_configuration" {
    for_each = local._kms_keys
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  lifecycle {
    ignore_changes = [access]
  }
}
