data "google_storage_transfer_project_service_account" "transfer" {
  project = "acme-billing"
}

module "transfer_azure" {
  source = "../.."

  container = "exports"
  credentials = {
    federated_identity = {
      client_id = "11111111-2222-3333-4444-555555555555"
      tenant_id = "66666666-7777-8888-9999-000000000000"
    }
  }
  description     = "Azure billing export"
  path            = "exports/azure/"
  project_id      = "acme-billing"
  sink            = { bucket = "acme-billing-landing-azure", path = "azure/focus/" }
  storage_account = "acmebilling"
  transfer_agent  = data.google_storage_transfer_project_service_account.transfer
}

output "federation" {
  description = "Issuer, subject and audience of the federated credential. Use them on the Azure side."
  value       = module.transfer_azure.federation
}
