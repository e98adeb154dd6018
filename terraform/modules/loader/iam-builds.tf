# What Cloud Build may do with the functions' source.

# Cloud Functions copies the source into a bucket of its own, gcf-v2-sources-<number>-<region>, which does not exist before
# the first build; so the grant is on the project, and its condition leaves the billing data out.
resource "google_project_iam_member" "build_source" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.accounts["build"].member

  condition {
    title       = "gcf-v2-sources"
    description = "Only where Cloud Functions keeps the source of builds"
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}

# A build that cannot write its log fails; logs are the project's.
resource "google_project_iam_member" "build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.accounts["build"].member
}

# The bucket that the source is uploaded to.
resource "google_storage_bucket_iam_member" "build_upload" {
  bucket = var.bookkeeping_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.accounts["build"].member
}

# Pushes the images.
resource "google_artifact_registry_repository_iam_member" "build_images" {
  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.accounts["build"].member
}
