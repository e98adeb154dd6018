resource "google_bigquery_dataset" "datasets" {
  for_each = var.datasets

  project     = var.project_id
  dataset_id  = each.key
  location    = var.location # it cannot be changed; "US" if it were left out
  description = "Cloud billing exports, one row per charge, and the books of what was loaded"
  labels      = var.labels

  # The loader adds dlt's tables and the views; a destroy that left them would fail.
  delete_contents_on_destroy = !var.deletion_protection

  # No access block: it would drop the grants that are made one by one (google_bigquery_dataset_access).

  dynamic "default_encryption_configuration" {
    for_each = local._kms_keys
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}
