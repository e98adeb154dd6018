# Terraform destroys this object first, because it depends on everything. With protection the provider refuses, and then
# Terraform destroys nothing else. Without it, functions, transfers and alerts would be gone before a table refuses.
resource "google_storage_bucket_object" "protection" {
  bucket          = module.landing.bookkeeping_bucket
  name            = "protection.txt"
  content         = "With deletion_protection, Terraform cannot delete this object, and stops before it destroys anything."
  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"

  depends_on = [
    module.landing, module.loader, module.monitoring, module.transfer_aws, module.transfer_azure, module.warehouse,
    terraform_data.rules,
  ]
}
