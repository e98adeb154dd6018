output "bookkeeping_bucket" {
  description = "Name of the bookkeeping bucket."
  value       = google_storage_bucket.bookkeeping.name
}

output "buckets" {
  description = "Names of the landing buckets, by provider. A resource that uses them waits until Storage Transfer can write to the buckets."
  value       = { for provider, sleep in time_sleep.grants : provider => sleep.triggers.bucket }
}

output "readable_buckets" {
  description = "Names of the landing buckets, by provider. A resource that uses them waits for the grants of the readers."
  value       = { for provider, bucket in google_storage_bucket.landing : provider => bucket.name }

  depends_on = [google_storage_bucket_iam_binding.bucket_readers]
}
