# No lifecycle rule deletes objects here. Storage Transfer would copy them again, and each copy raises an event.
resource "google_storage_bucket" "landing" {
  for_each = { for provider, name in var.landing_buckets : provider => name if !contains(var.existing, provider) }

  project                     = var.project_id
  name                        = each.value
  location                    = upper(var.location)
  labels                      = var.labels
  force_destroy               = var.force_destroy
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # Both are off by default: every refresh at the provider overwrites objects, and each old copy would be billed. The
  # originals remain at the provider.
  dynamic "soft_delete_policy" {
    for_each = local._soft_delete_seconds
    content {
      retention_duration_seconds = soft_delete_policy.value
    }
  }
  versioning {
    enabled = var.versioning
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
  count = contains(var.existing, "bookkeeping") ? 0 : 1

  project                     = var.project_id
  name                        = var.bookkeeping_bucket
  location                    = upper(var.location)
  labels                      = var.labels
  force_destroy               = var.force_destroy
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # A lease exists for minutes, and nobody needs a deleted one. An organization policy may demand soft delete all the same.
  dynamic "soft_delete_policy" {
    for_each = local._soft_delete_seconds
    content {
      retention_duration_seconds = soft_delete_policy.value
    }
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
