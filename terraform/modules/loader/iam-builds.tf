# Grants for the account that builds the functions.

# Cloud Functions copies the source into its own bucket, gcf-v2-sources-<number>-<region>, which does not exist before
# the first build. The grant is therefore on the project. Its condition excludes the billing data.
resource "google_project_iam_member" "build_source" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = local.members["build"]

  condition {
    title       = "gcf-v2-sources"
    description = "Only the buckets where Cloud Functions keeps source code"
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}

# A build that cannot write its log fails. Logging can be granted on a project only.
resource "google_project_iam_member" "build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = local.members["build"]
}

# Reads the zip that Terraform uploads.
resource "google_storage_bucket_iam_member" "build_upload" {
  bucket = var.bookkeeping_bucket
  role   = "roles/storage.objectViewer"
  member = local.members["build"]
}

# Pushes the container images.
resource "google_artifact_registry_repository_iam_member" "build_images" {
  project    = split("/", local._repository_id)[1]
  location   = var.region
  repository = try(google_artifact_registry_repository.images[0].name, split("/", local._repository_id)[5])
  role       = "roles/artifactregistry.writer"
  member     = local.members["build"]
}
