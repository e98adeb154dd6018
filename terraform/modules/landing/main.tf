locals {
  _buckets = merge(
    { for provider, bucket in google_storage_bucket.landing : provider => bucket.name },
    { bookkeeping = google_storage_bucket.bookkeeping.name },
  )
  _kms_keys            = var.kms_key == null ? [] : [var.kms_key]
  _owners              = "projectOwner:${var.project_id}"
  _soft_delete_seconds = var.soft_delete_days == null ? [] : [var.soft_delete_days * 24 * 3600]
}
