data "google_storage_transfer_project_service_account" "transfer" {
  project = "acme-billing"
}

module "transfer_aws" {
  source = "../.."

  bucket         = "acme-billing-exports"
  credentials    = { role_arn = "arn:aws:iam::123456789012:role/billing-transfer" }
  description    = "AWS billing export"
  path           = "exports/aws/"
  project_id     = "acme-billing"
  sink           = { bucket = "acme-billing-landing-aws", path = "aws/cur/" }
  transfer_agent = data.google_storage_transfer_project_service_account.transfer
}

output "policies" {
  description = "Trust policy and permission policy of the role, as JSON. Use them on the AWS side."
  value       = module.transfer_aws.policies
}
