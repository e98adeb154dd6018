terraform {
  required_version = ">= 1.9" # validations that read more than one variable

  required_providers {
    azapi = {
      source  = "Azure/azapi"
      version = ">= 2.12, < 3" # knows Microsoft.CostManagement/exports@2025-03-01
    }
    azuread = {
      source  = "hashicorp/azuread"
      version = ">= 3, < 4"
    }
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.55, < 5"
    }
    time = {
      source  = "hashicorp/time"
      version = ">= 0.12, < 1"
    }
  }
}
