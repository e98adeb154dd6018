output "bookkeeping_bucket" {
  description = "Name of the bookkeeping bucket."
  value       = try(google_storage_bucket.bookkeeping[0].name, var.bookkeeping_bucket)
}

output "buckets" {
  description = "Names of the landing buckets, by provider. A resource that uses them waits until Storage Transfer can write to the buckets."
  value       = { for provider, sleep in time_sleep.grants : provider => sleep.triggers.bucket }
}

output "readable_buckets" {
  description = "Names of the landing buckets, by provider. A resource that uses them waits for the grants of the readers."
  value       = local._landing

  depends_on = [google_storage_bucket_iam_binding.bucket_readers, google_storage_bucket_iam_member.bucket_reader]
}
