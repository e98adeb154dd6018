output "federation" {
  description = "Issuer, subject and audience of the application's federated credential on the Azure side."
  value       = local.federation
}

output "job" {
  description = "Name of the transfer job."
  value       = google_storage_transfer_job.blob.name
}
