output "job" {
  description = "Name of the transfer job."
  value       = google_storage_transfer_job.s3.name
}

output "policies" {
  description = "JSON to paste on the AWS side: the role's trust policy and its permission policy."
  value = {
    permission_policy = jsonencode(local.permission_policy)
    trust_policy      = jsonencode(local.trust_policy)
  }
}
