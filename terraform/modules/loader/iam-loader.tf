# What the functions may do. bigquery.jobUser is their only grant on the project.

# Load jobs and queries are made in the project, and there is no narrower place to grant jobs.create.
resource "google_project_iam_member" "loader_jobs" {
  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.accounts["loader"].member
}

# Loads months, adds columns, writes dlt's tables, creates the views; in these datasets only. WRITER is what a dataset's access
# list calls roles/bigquery.dataEditor. Not by google_bigquery_dataset_iam_member: it drops the entry of the authorized views.
resource "google_bigquery_dataset_access" "loader_editor" {
  for_each = setunion(var.datasets, [var.focus_dataset])

  project       = var.project_id
  dataset_id    = each.key
  role          = "WRITER"
  user_by_email = google_service_account.accounts["loader"].email
}

# Whoever makes a view must be able to read what it reads. READER is roles/bigquery.dataViewer.
resource "google_bigquery_dataset_access" "loader_google_export" {
  for_each = var.google_export == null ? {} : { export = var.google_export }

  project       = each.value.project_id
  dataset_id    = each.value.dataset_id
  role          = "READER"
  user_by_email = google_service_account.accounts["loader"].email
}

# Lists deliveries, reads manifests and headers; a load job reads its files as its caller.
resource "google_storage_bucket_iam_member" "loader_viewer" {
  for_each = var.landing_buckets

  bucket = each.value
  role   = "roles/storage.objectViewer"
  member = google_service_account.accounts["loader"].member
}

# Creates, renews and deletes the leases.
resource "google_storage_bucket_iam_member" "loader_leases" {
  bucket = var.bookkeeping_bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.accounts["loader"].member
}
