# One account per task. None of them has a key. They exist before the new APIs answer, so that the waits are parallel.
resource "google_service_account" "accounts" {
  for_each = { for task, text in local.accounts : task => text if !contains(keys(var.service_accounts), task) }

  project      = var.accounts_project
  account_id   = "${var.prefix}-${each.key}"
  display_name = each.value
}

# A grant that names an account made seconds before answers 400 "does not exist". All grants and functions take the
# emails from here, so they wait.
resource "time_sleep" "accounts" {
  create_duration = "90s"
  triggers        = { for name, account in google_service_account.accounts : name => account.email }
}
