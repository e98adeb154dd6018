"""The product on the emulator: with generated exports (`tests.demo`) or your own (`tests.demo.exports`)."""
