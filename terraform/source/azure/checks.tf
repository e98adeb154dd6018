# Warnings. They do not stop an apply, because Google may add regions, and two exports of one scope may be wanted.

locals {
  # https://cloud.google.com/storage-transfer/docs/source-microsoft-azure
  _transfer_locations = [
    "australiacentral", "australiaeast", "australiasoutheast", "brazilsouth", "canadacentral", "canadaeast",
    "centralindia", "centralus", "eastasia", "eastus", "eastus2", "francecentral", "germanywestcentral", "japaneast",
    "japanwest", "koreacentral", "koreasouth", "northcentralus", "northeurope", "norwayeast", "qatarcentral",
    "southafricanorth", "southcentralus", "southeastasia", "southindia", "swedencentral", "switzerlandnorth", "uaenorth",
    "uksouth", "ukwest", "westcentralus", "westeurope", "westindia", "westus", "westus2", "westus3",
  ]
  _keys = keys(local.exports)
  _overlaps = flatten([
    for number, one in local._keys : [
      for two in slice(local._keys, number + 1, length(local._keys)) : "${one} and ${two}"
      if startswith("${local.exports[two].scope}/", "${local.exports[one].scope}/") || startswith("${local.exports[one].scope}/", "${local.exports[two].scope}/")
    ]
  ])
}

check "transfer_reads_the_location" {
  assert {
    condition     = contains(local._transfer_locations, var.location)
    error_message = "Storage Transfer may not read storage accounts in ${var.location}: use one of ${join(", ", local._transfer_locations)}, or see cloud.google.com/storage-transfer/docs/source-microsoft-azure."
  }
}

check "one_export_of_a_scope" {
  assert {
    condition     = length(local._overlaps) == 0
    error_message = "Exports have the same charges (${join("; ", local._overlaps)}), so focus_costs counts them twice: give them scopes of which none holds another, or choose one source in each query: WHERE x_source = 'azure_KEY'."
  }
}
