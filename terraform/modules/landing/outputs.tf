output "bookkeeping_bucket" {
  description = "Name of the bookkeeping bucket."
  value       = google_storage_bucket.bookkeeping.name
}

output "buckets" {
  description = "Names of the landing buckets by provider, once Storage Transfer may write into them."
  value       = { for provider, sleep in time_sleep.grants : provider => sleep.triggers.bucket }
}
