output "daily_jobs" {
  description = "Name of the daily transfer job beside an event stream, as transferJobs/ID. Empty without an event stream."
  value       = { for key, job in google_storage_transfer_job.daily : key => job.name }
}

output "job" {
  description = "Name of the transfer job, as transferJobs/ID."
  value       = google_storage_transfer_job.s3.name
}

output "policies" {
  description = "Trust policy and permission policy of the role, as JSON. Use them on the AWS side."
  value = {
    permission_policy = jsonencode(local.permission_policy)
    trust_policy      = jsonencode(local.trust_policy)
  }
}
