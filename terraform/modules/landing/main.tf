locals {
  _buckets = merge(
    { for provider, bucket in google_storage_bucket.landing : provider => bucket.name },
    { bookkeeping = google_storage_bucket.bookkeeping.name },
  )
  _kms_keys = var.kms_key == null ? [] : [var.kms_key]
  _owners   = "projectOwner:${var.project_id}"
}
