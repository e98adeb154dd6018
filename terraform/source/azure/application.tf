# The application that Storage Transfer signs in as. It has no secret: it trusts one account of Google.

locals {
  _application = var.application == null ? { transfer = "billing-transfer" } : {}
}

resource "azuread_application_registration" "transfer" {
  for_each = local._application

  display_name     = each.value
  sign_in_audience = "AzureADMyOrg"
}

resource "azuread_service_principal" "transfer" {
  for_each = azuread_application_registration.transfer

  client_id = each.value.client_id
}

resource "azuread_application_federated_identity_credential" "transfer" {
  for_each = azuread_application_registration.transfer

  application_id = each.value.id
  audiences      = ["api://AzureADTokenExchange"]
  display_name   = "storage-transfer"
  issuer         = "https://accounts.google.com" # without a slash at the end
  subject        = var.google_subject_id
}

resource "azurerm_role_assignment" "blobs" {
  principal_id         = local.principal_id
  principal_type       = "ServicePrincipal" # Azure may not know a new one everywhere yet
  role_definition_name = "Storage Blob Data Reader"
  scope                = azurerm_storage_container.exports.id
}
