data "archive_file" "functions" {
  type             = "zip"
  source_dir       = local._source_path
  excludes         = local.source_exclude
  output_file_mode = "0644" # the same bytes, whatever the umask: another hash is another deployment
  output_path      = "${var.build_folder}/${var.prefix}-functions.zip"
}

# The hash is in the name, for a function looks at its source's name only: the same name is never built again.
resource "google_storage_bucket_object" "functions" {
  bucket         = var.bookkeeping_bucket
  name           = "functions/${data.archive_file.functions.output_sha256}.zip"
  source         = data.archive_file.functions.output_path
  source_md5hash = data.archive_file.functions.output_md5
  content_type   = "application/zip"
}

# A repository of its own rather than gcf-artifacts, which Google makes at the first build: the builder's grant needs
# something to be on, and destroy leaves no images behind.
resource "google_artifact_registry_repository" "images" {
  project       = var.project_id
  location      = var.region
  repository_id = "${var.prefix}-functions"
  description   = "Images of the functions of ${var.prefix}"
  format        = "DOCKER"
  labels        = var.labels
}
