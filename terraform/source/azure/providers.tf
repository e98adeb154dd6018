provider "azapi" {
  subscription_id = var.subscription_id
}

provider "azuread" {}

provider "azurerm" {
  resource_provider_registrations = "none"
  # Without Microsoft.CostManagementExports, Azure writes no export that was not made in its portal.
  resource_providers_to_register = var.register_providers ? [
    "Microsoft.CostManagement", "Microsoft.CostManagementExports", "Microsoft.EventGrid", "Microsoft.Storage",
  ] : []
  storage_use_azuread = true # an account without shared keys accepts nothing else
  subscription_id     = var.subscription_id

  features {
    storage {
      # All changes go through the resource manager, so a firewall or missing data roles do not stop an apply.
      data_plane_available = false
    }
  }
}
