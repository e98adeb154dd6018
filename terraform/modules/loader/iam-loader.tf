# Grants for the account of the functions. bigquery.jobUser is the only one on the project.

# Creates load jobs and queries. BigQuery accepts jobs.create on a project only.
resource "google_project_iam_member" "loader_jobs" {
  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = local.members["loader"]
}

# Loads months, adds columns, keeps staging tables and dlt's tables, and creates the views. In a dataset's access list,
# WRITER is roles/bigquery.dataEditor. google_bigquery_dataset_iam_member would remove the entry for authorized views.
resource "google_bigquery_dataset_access" "loader_editor" {
  for_each = setunion(var.datasets, [var.focus_dataset])

  project       = var.project_id
  dataset_id    = each.key
  role          = "WRITER"
  user_by_email = local.emails["loader"]
}

# The creator of a view must be able to read its tables. READER is roles/bigquery.dataViewer.
resource "google_bigquery_dataset_access" "loader_google_export" {
  for_each = var.google_export == null ? {} : { export = var.google_export }

  project       = each.value.project_id
  dataset_id    = each.value.dataset_id
  role          = "READER"
  user_by_email = local.emails["loader"]
}

# Lists deliveries, and reads manifests and headers. A load job reads its files with the account of its caller.
resource "google_storage_bucket_iam_member" "loader_viewer" {
  for_each = var.landing_buckets

  bucket = each.value
  role   = "roles/storage.objectViewer"
  member = local.members["loader"]
}

# Creates, renews and deletes the leases, and keeps the owners of tables and the notes of the sweep. The condition excludes
# the source of the functions: whoever controls the functions could otherwise replace what they run.
resource "google_storage_bucket_iam_member" "loader_leases" {
  bucket = var.bookkeeping_bucket
  role   = "roles/storage.objectUser"
  member = local.members["loader"]

  condition {
    title       = "no-source-code"
    description = "Everything but the source code of the functions"
    expression  = "!resource.name.startsWith(\"projects/_/buckets/${var.bookkeeping_bucket}/objects/functions/\")"
  }
}
