locals {
  # A bucket that exists already keeps the access that its owner chose: only members are added.
  _buckets = merge(
    { for provider, bucket in google_storage_bucket.landing : provider => bucket.name },
    { for bucket in google_storage_bucket.bookkeeping : "bookkeeping" => bucket.name },
  )
  _existing            = { for provider, name in var.landing_buckets : provider => name if contains(var.existing, provider) }
  _kms_keys            = var.kms_key == null ? [] : [var.kms_key]
  _landing             = merge({ for provider, bucket in google_storage_bucket.landing : provider => bucket.name }, local._existing)
  _owners              = "projectOwner:${var.project_id}"
  _soft_delete_seconds = var.soft_delete_days == null ? [] : [var.soft_delete_days * 24 * 3600]
}
