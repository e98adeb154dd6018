output "daily_jobs" {
  description = "Name of the daily transfer job beside an event stream, as transferJobs/ID. Empty without an event stream."
  value       = { for key, job in google_storage_transfer_job.daily : key => job.name }
}

output "federation" {
  description = "Issuer, subject and audience of the federated credential. Use them on the Azure side."
  value       = local.federation
}

output "job" {
  description = "Name of the transfer job, as transferJobs/ID."
  value       = google_storage_transfer_job.blob.name
}
