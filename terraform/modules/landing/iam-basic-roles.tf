# Cloud Storage gives every new bucket three roles for the project's editors and viewers, and they can read its objects
# (cloud.google.com/storage/docs/access-control/iam#convenience-values). A role that the bucket already has can only be
# taken away by setting all of its members. The readers of the landing buckets are the only other members here.
#
# roles/storage.legacyBucketOwner keeps its members. Terraform removes a binding before the bucket, and the basic role
# Owner alone cannot delete objects or change grants: whoever created the buckets could no longer destroy them.

# Projects' editors read objects with it.
resource "google_storage_bucket_iam_binding" "object_owners" {
  for_each = local._buckets

  bucket  = each.value
  role    = "roles/storage.legacyObjectOwner"
  members = var.strip_basic_roles ? [local._owners] : ["projectEditor:${var.project_id}", local._owners]
}

# Projects' viewers read objects with it.
resource "google_storage_bucket_iam_binding" "object_readers" {
  for_each = local._buckets

  bucket  = each.value
  role    = "roles/storage.legacyObjectReader"
  members = var.strip_basic_roles ? [local._owners] : ["projectViewer:${var.project_id}"]
}

# Projects' viewers list objects with it. A load job needs storage.buckets.get, with the account of its caller, and this is
# the narrowest role that has it (cloud.google.com/bigquery/docs/batch-loading-data#permissions-load-data-from-cloud-storage).
resource "google_storage_bucket_iam_binding" "bucket_readers" {
  for_each = local._buckets

  bucket  = each.value
  role    = "roles/storage.legacyBucketReader"
  members = concat(var.strip_basic_roles ? [local._owners] : ["projectViewer:${var.project_id}"], each.key == "bookkeeping" ? [] : var.readers)
}
