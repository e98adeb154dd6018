provider "azapi" {
  subscription_id = var.subscription_id
}

provider "azuread" {}

provider "azurerm" {
  resource_provider_registrations = "none"
  # Without the third, exports to this subscription fail unless the portal makes them.
  resource_providers_to_register = var.register_providers ? [
    "Microsoft.CostManagement", "Microsoft.CostManagementExports", "Microsoft.EventGrid", "Microsoft.Storage",
  ] : []
  storage_use_azuread = true # an account without shared keys accepts nothing else
  subscription_id     = var.subscription_id

  features {}
}
