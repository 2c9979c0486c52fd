// The program that a precompiled header is made with.
//
// SPDX-License-Identifier: BSL-1.0
int main() {}
