# Views over all sources. Who reads them needs a grant on this dataset alone.

resource "google_bigquery_dataset" "focus" {
  project     = var.project_id
  dataset_id  = var.focus_dataset
  location    = var.location
  description = "Views over all billing exports: every charge as FOCUS has it, and what is wrong with them"
  labels      = var.labels

  delete_contents_on_destroy = !var.deletion_protection # its views; a destroy that left them would fail

  dynamic "default_encryption_configuration" {
    for_each = local._kms_keys
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}

# The views of that dataset read the tables of this one, whoever asks. A google_bigquery_dataset_iam_member on the same dataset
# would take this entry away, for it writes the access list without authorized views.
resource "google_bigquery_dataset_access" "focus_views" {
  for_each = var.datasets

  project    = var.project_id
  dataset_id = google_bigquery_dataset.datasets[each.key].dataset_id

  dataset {
    target_types = ["VIEWS"]
    dataset {
      project_id = var.project_id
      dataset_id = google_bigquery_dataset.focus.dataset_id
    }
  }
}

# The same for the dataset of Google Cloud's own export, which is made elsewhere.
resource "google_bigquery_dataset_access" "focus_google_export" {
  for_each = local._google_exports

  project    = each.value.project_id
  dataset_id = each.value.dataset_id

  dataset {
    target_types = ["VIEWS"]
    dataset {
      project_id = var.project_id
      dataset_id = google_bigquery_dataset.focus.dataset_id
    }
  }
}
