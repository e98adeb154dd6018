# No lifecycle rule deletes objects here: Storage Transfer would copy them again, and every copy is an event.
resource "google_storage_bucket" "landing" {
  for_each = var.landing_buckets

  project                     = var.project_id
  name                        = each.value
  location                    = upper(var.location)
  labels                      = var.labels
  force_destroy               = var.force_destroy
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # Both are off by default: every refresh at the provider overwrites, and each old copy would be billed. Nothing is
  # lost, for the original stands at the provider.
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

# Leases and the functions' source. A bucket of its own, so that its objects raise no event.
resource "google_storage_bucket" "bookkeeping" {
  project                     = var.project_id
  name                        = var.bookkeeping_bucket
  location                    = upper(var.location)
  labels                      = var.labels
  force_destroy               = var.force_destroy
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # A lease lives for minutes; a week of deleted leases is of no use to anybody.
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
