# The dataset of the views over all sources. Readers need a grant on this dataset only.

resource "google_bigquery_dataset" "focus" {
  count = contains(var.existing, var.focus_dataset) ? 0 : 1

  project     = var.project_id
  dataset_id  = var.focus_dataset
  location    = var.location
  description = "Views over all billing exports: every charge in the FOCUS format, and problems in the data"
  labels      = var.labels

  delete_contents_on_destroy = !var.deletion_protection # the functions create views in it

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

# Lets the views read the tables for every reader. A google_bigquery_dataset_iam_member on the same dataset would remove
# this entry, because that resource writes the access list without authorized views.
resource "google_bigquery_dataset_access" "focus_views" {
  for_each = var.datasets

  project    = var.project_id
  dataset_id = local.datasets[each.key]

  dataset {
    target_types = ["VIEWS"]
    dataset {
      project_id = var.project_id
      dataset_id = local.focus_dataset
    }
  }
}

# The same for the dataset of Google Cloud's own export, which Terraform does not manage.
resource "google_bigquery_dataset_access" "focus_google_export" {
  for_each = local._google_exports

  project    = each.value.project_id
  dataset_id = each.value.dataset_id

  dataset {
    target_types = ["VIEWS"]
    dataset {
      project_id = var.project_id
      dataset_id = local.focus_dataset
    }
  }
}
