# No lifecycle rule deletes objects here. Storage Transfer would copy them again, and each copy raises an event.
resource "google_storage_bucket" "landing" {
  for_each = var.landing_buckets

  project                     = var.project_id
  name                        = each.value
  location                    = upper(var.location)
  labels                      = var.labels
  force_destroy               = var.force_destroy
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # Both are off by default: every refresh at the provider overwrites objects, and each old copy would be billed. The
  # originals remain at the provider.
  soft_delete_policy {
    retention_duration_seconds = var.retention.soft_delete_days * 24 * 3600
  }
  versioning {
    enabled = var.retention.versioning
  }

  dynamic "encryption" {
    for_each = local._kms_keys
    content {
      default_kms_key_name = encryption.value
    }
  }
}

# Leases and the source code of the functions. A separate bucket, because an object in a landing bucket raises an event.
resource "google_storage_bucket" "bookkeeping" {
  project                     = var.project_id
  name                        = var.bookkeeping_bucket
  location                    = upper(var.location)
  labels                      = var.labels
  force_destroy               = var.force_destroy
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # A lease exists for minutes. Nobody needs a deleted one.
  soft_delete_policy {
    retention_duration_seconds = 0
  }
  versioning {
    enabled = false
  }

  dynamic "encryption" {
    for_each = local._kms_keys
    content {
      default_kms_key_name = encryption.value
    }
  }
}
