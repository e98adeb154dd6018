# What the functions may do. bigquery.jobUser is their only grant on the project.

# Load jobs and queries are made in the project, and there is no narrower place to grant jobs.create.
resource "google_project_iam_member" "loader_jobs" {
  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.accounts["loader"].member
}

# Loads months, adds columns, writes dlt's tables, creates the views; in these datasets only.
resource "google_bigquery_dataset_iam_member" "loader_editor" {
  for_each = var.datasets

  project    = var.project_id
  dataset_id = each.key
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.accounts["loader"].member
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
