resource "google_bigquery_dataset" "datasets" {
  for_each = var.datasets

  project     = var.project_id
  dataset_id  = each.key
  location    = var.location # cannot be changed later; the default would be US
  description = "Cloud billing exports, one row per charge, and the history of their loads"
  labels      = var.labels

  # The functions add dlt's tables and the views. Terraform does not know them, and a dataset that holds any is not
  # destroyed.
  delete_contents_on_destroy = !var.deletion_protection

  # No access block: it would remove the grants of google_bigquery_dataset_access.

  dynamic "default_encryption_configuration" {
    for_each = local._kms_keys
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}
