# One account per task. None of them has a key.
resource "google_service_account" "accounts" {
  for_each = local.accounts

  project      = var.project_id
  account_id   = "${var.prefix}-${each.key}"
  display_name = each.value
}
