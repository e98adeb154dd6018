data "archive_file" "functions" {
  type             = "zip"
  source_dir       = var.source_folder
  excludes         = local.source_exclude
  output_file_mode = "0644" # the same bytes with any umask: a new hash would deploy again
  output_path      = "${var.build_folder}/${var.prefix}-functions.zip"
}

# The name contains the hash: a function is built again only when the name of its source changes.
resource "google_storage_bucket_object" "functions" {
  bucket         = var.bookkeeping_bucket
  name           = "functions/${data.archive_file.functions.output_sha256}.zip"
  source         = data.archive_file.functions.output_path
  source_md5hash = data.archive_file.functions.output_md5
  content_type   = "application/zip"

  # Terraform deletes the old zip before it uploads the new one. If the upload fails, the functions still have theirs.
  # create_before_destroy would do the same, but it passes on to the bucket and the grants on the key: these would be
  # created while the old one exists, and then deleted.
  deletion_policy = "ABANDON"
}

# Not gcf-artifacts, which Google creates at the first build: a separate repository exists before its grant, and
# terraform destroy removes the images with it.
resource "google_artifact_registry_repository" "images" {
  count = var.repository == null ? 1 : 0

  project       = var.project_id
  location      = var.region
  repository_id = "${var.prefix}-functions"
  description   = "Images of the functions of ${var.prefix}"
  format        = "DOCKER"
  labels        = var.labels
  kms_key_name  = var.kms_key

  # Every deployment makes an image. A function needs its newest one, and a few more allow to go back.
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s" # 30 days
    }
  }
}
